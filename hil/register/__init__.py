"""Made-up exports of the Dutch vehicle register, in the formats of the real ones."""
