"""The page's words, in English and Dutch."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

Language = Literal["en", "nl"]
# A city's day, and the clock on its page.
TIMEZONE = ZoneInfo("Europe/Amsterdam")

_WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("Traffic by camera counts", "Verkeer volgens cameratellingen"),
    "made": ("as of {time}", "stand van {time}"),
    "bench": (
        "Counts of a bench: no counts of a street.",
        "Tellingen van een proefopstelling: geen tellingen van een straat.",
    ),
    "behind": (
        "Reports come from more than a day ahead: the clock of this machine or of a camera is wrong.",
        "Rapporten komen van meer dan een dag vooruit: de klok van deze machine of van een camera is fout.",
    ),
    "empty": ("Nothing was stored yet.", "Er is nog niets opgeslagen."),
    "no_traffic": ("No report of the last eight days.", "Geen rapport van de laatste acht dagen."),
    "cameras_online": ("cameras online", "camera's online"),
    "of": ("{n} of {all}", "{n} van {all}"),
    "reports_missing": ("reports missing", "rapporten ontbreken"),
    "messages_refused": ("messages refused", "berichten geweigerd"),
    "evidence": ("contradictions kept as evidence", "tegenstrijdigheden bewaard als bewijs"),
    "zone": ("Zone {name}", "Zone {name}"),
    "today": ("today so far", "vandaag tot nu"),
    "yesterday": ("yesterday", "gisteren"),
    "in_and_out": ("in and out", "in en uit"),
    "in": ("in", "in"),
    "out": ("out", "uit"),
    "not_admitted": ("not admitted, in {days} days", "niet toegelaten, in {days} dagen"),
    "of_told": ("of {n} of which it is told", "van {n} waarvan het verteld is"),
    "seen": ("of the time seen today", "van de tijd gezien vandaag"),
    "per_hour": ("Today by the hour", "Vandaag per uur"),
    "per_day": ("The last days", "De laatste dagen"),
    "types": ("Vehicle types", "Voertuigtypen"),
    "since": ("since {day}", "sinds {day}"),
    "by_emission_class": ("Emission class", "Emissieklasse"),
    "by_admitted": ("Admitted to the zone", "Toegelaten tot de zone"),
    "by_drive": ("Drive", "Aandrijving"),
    "by_exemption": ("Exemption", "Ontheffing"),
    "by_trade": ("Trade", "Bedrijfstak"),
    "by_origin": ("Origin", "Herkomst"),
    "untold": ("not told", "niet verteld"),
    "scaled": ("estimated: divided by the weight of its table", "geschat: gedeeld door het gewicht van de tabel"),
    "hour": ("hour", "uur"),
    "day": ("day", "dag"),
    "told_by_hour": ("told by the hour", "per uur verteld"),
    "told_by_day": ("told for the day only", "alleen per dag verteld"),
    "observed": ("seen", "gezien"),
    "partly": ("partly seen", "deels gezien"),
    "no_report": ("no report", "geen rapport"),
    "refused_share": ("not admitted, at least / of told", "niet toegelaten, ten minste / van verteld"),
    "numbers": ("Numbers", "Getallen"),
    "type": ("type", "type"),
    "passages": ("passages", "passages"),
    "unique_vehicles": ("vehicles", "voertuigen"),
    "cameras": ("Cameras", "Camera's"),
    "camera": ("camera", "camera"),
    "status": ("status", "status"),
    "last_report": ("last report", "laatste rapport"),
    "missing": ("missing", "ontbreekt"),
    "lost": ("lost", "verloren"),
    "reading": ("unreadable plates", "onleesbare kentekens"),
    "picture": ("picture, clock", "beeld, klok"),
    "sandbox": ("sandbox", "afscherming"),
    "term": ("policy term", "looptijd beleid"),
    "unreceived": ("not received", "niet ontvangen"),
    "register": ("register", "register"),
    "versions": ("software, policy, models", "software, beleid, modellen"),
    "differs": ("differs from most", "wijkt af van de meeste"),
    "waiting": ("waiting, dropped", "wachtend, vervallen"),
    "stored": ("stored up to", "opgeslagen tot"),
    "ago": ("{time} ago", "{time} geleden"),
    "never": ("never", "nooit"),
    "none": ("none", "geen"),
    "minutes": ("{n} min", "{n} min"),
    "hours": ("{n} h", "{n} u"),
    "days": ("{n} days", "{n} dagen"),
    "gaps": ("What did not come", "Wat niet aankwam"),
    "no_gaps": ("Every report that was sent came.", "Elk verstuurd rapport is aangekomen."),
    "sequences": ("reports", "rapporten"),
    "noticed": ("noticed", "opgemerkt"),
    "awaited": ("asked for again", "opnieuw gevraagd"),
    "lost_since": ("lost: the camera has it no more", "verloren: de camera heeft het niet meer"),
    "refusals": ("What was refused", "Wat is geweigerd"),
    "no_refusals": ("No message was refused.", "Er is geen bericht geweigerd."),
    "number": ("number", "aantal"),
    "why": ("why", "waarom"),
    "kept": ("What is kept", "Wat wordt bewaard"),
    "kept_until": (
        "{n} reports; the next ones expire on {day}, and are deleted then.",
        "{n} rapporten; de eerstvolgende verlopen op {day} en worden dan verwijderd.",
    ),
    "notes": ("How to read this", "Hoe dit te lezen"),
    "note_least": (
        ("≥ means at least: what fewer than {k} different vehicles share leaves no camera. Rare kinds are “not told” "
        "more often than common ones, so shares lean towards the common ones."),
        ("≥ betekent ten minste: wat minder dan {k} verschillende voertuigen delen, verlaat geen camera. Zeldzame "
        "soorten zijn vaker “niet verteld” dan gewone, dus aandelen hellen over naar de gewone."),
    ),
    "note_day": (
        ("Told for the day only: vehicles that were too few in their hour, and enough over the day. Each passage is "
        "counted once."),
        ("Alleen per dag verteld: voertuigen die in hun uur met te weinig waren, en over de dag met genoeg. Elke "
        "passage telt één keer."),
    ),
    "note_cameras": (
        "A vehicle that passes two cameras is counted at both.",
        "Een voertuig dat twee camera's passeert, telt bij allebei.",
    ),
    "note_unique": (
        ("{zone}: these are different vehicles of each camera and hour, added up. One that came in two hours, past two "
        "cameras, or in and out, is in the sum as often: it is no number of different vehicles."),
        ("{zone}: dit zijn verschillende voertuigen per camera en uur, opgeteld. Wie in twee uren kwam, langs twee "
        "camera's, of in en uit, zit zo vaak in de som: het is geen aantal verschillende voertuigen."),
    ),
    "note_private": (
        (
            "{zone}: a vehicle counts once a day at each camera and in each direction, in the hour of its first "
            "passage. One that passes two cameras, or drives in and out, is in the sum as often."
        ),
        (
            "{zone}: een voertuig telt één keer per dag bij elke camera en in elke richting, in het uur van zijn "
            "eerste passage. Wie langs twee camera's komt, of in en uit rijdt, zit zo vaak in de som."
        ),
    ),
    "note_noise": (
        "{zone}: every number has noise on it. ± is twice its standard deviation; ≈ may be above or below the truth.",
        "{zone}: op elk getal zit ruis. ± is twee keer de standaardafwijking; ≈ kan boven of onder de waarheid liggen.",
    ),
    "note_seen": (
        "Hatched bars: a camera was off or saw only part of the time, so more passed than the bar shows.",
        "Gearceerde staven: een camera stond uit of zag maar een deel van de tijd; er reed meer dan de staaf toont.",
    ),
}  # fmt: skip
_VALUES: Mapping[str, tuple[str, str]] = {
    "passenger_car": ("passenger car", "personenauto"),
    "van": ("van", "bestelauto"),
    "truck": ("truck", "vrachtauto"),
    "tractor_unit": ("tractor unit", "trekker"),
    "bus": ("bus", "bus"),
    "two_wheeler": ("two-wheeler", "tweewieler"),
    "other": ("other", "overig"),
    "unknown": ("unknown", "onbekend"),
    "electric": ("electric", "elektrisch"),
    "hydrogen": ("hydrogen", "waterstof"),
    "hybrid": ("hybrid", "hybride"),
    "petrol": ("petrol", "benzine"),
    "diesel": ("diesel", "diesel"),
    "gas": ("gas", "gas"),
    "yes": ("yes", "ja"),
    "no": ("no", "nee"),
    "exempt": ("exempt", "ontheven"),
    "not_applicable": ("rule does not apply", "regel geldt niet"),
    "none": ("none", "geen"),
    "day": ("day", "dag"),
    "long_term": ("long-term", "langdurig"),
    "private": ("private", "particulier"),
    "elsewhere": ("elsewhere", "elders"),
    "online": ("online", "online"),
    "offline": ("offline", "offline"),
    "stopped": ("stopped", "gestopt"),
    "silent": ("silent", "stil"),
    "delivering": ("delivering", "levert"),
    "stalled": ("stalled", "hapert"),
    "ended": ("ended", "afgelopen"),
    "synchronised": ("clock right", "klok gelijk"),
    "unsynchronised": ("no clock", "geen klok"),
    "file": ("clock of a file", "klok van bestand"),
    "few": ("few", "weinig"),
    "some": ("some", "enkele"),
    "many": ("many", "veel"),
    "most": ("most", "de meeste"),
    "full": ("full", "volledig"),
    "partial": ("partial", "gedeeltelijk"),
    "in_force": ("in force", "van kracht"),
    "not_yet": ("not yet", "nog niet"),
    "below_24": ("below 24", "minder dan 24"),
    "below_168": ("below 168", "minder dan 168"),
    "168_or_more": ("168 or more", "168 of meer"),
    "hour": ("hour", "uur"),
    "below_8_days": ("below 8 days", "minder dan 8 dagen"),
    "below_32_days": ("below 32 days", "minder dan 32 dagen"),
    "below_92_days": ("below 92 days", "minder dan 92 dagen"),
    "older": ("older than 92 days", "ouder dan 92 dagen"),
}  # fmt: skip
_DAYS = (
    ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    ("ma", "di", "wo", "do", "vr", "za", "zo"),
)
_MONTHS = (
    ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"),
)


class Speech:
    """Speaks one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._at = ("en", "nl").index(language)

    def say(self, word: str, **values: object) -> str:
        """Say a word of the page."""
        return _WORDS[word][self._at].format(**values)

    def name(self, value: str) -> str:
        """Name a value of the contract; one that has no other name is its own: an emission class, a code."""
        return _VALUES[value][self._at] if value in _VALUES else value

    def number(self, n: float) -> str:
        """Write a number."""
        text = f"{round(n):,}"
        return text.replace(",", ".") if self.language == "nl" else text

    def share(self, part: float) -> str:
        """Write a share in per cent, never 100 of what is not all, nor 0 of something."""
        percent = round(100 * part)
        if (percent == 100 and part < 1) or (percent == 0 and part > 0):  # noqa: PLR2004  (per cent)
            text = f"{min(99.9, max(0.1, 100 * part)):.1f}"
            return f"{text.replace('.', ',') if self.language == 'nl' else text} %"
        return f"{percent} %"

    def day(self, day: date) -> str:
        """Write a day."""
        return f"{_DAYS[self._at][day.weekday()]} {day.day} {_MONTHS[self._at][day.month - 1]}"

    def date(self, day: date) -> str:
        """Write a day of any year."""
        return f"{self.day(day)} {day.year}"

    def moment(self, moment: datetime) -> str:
        """Write a time on its own clock."""
        return f"{self.day(moment)} {moment:%H:%M}"

    def span(self, seconds: float) -> str:
        """Write how long something took, roughly."""
        minutes = max(0, int(seconds // 60))
        if minutes < 120:  # noqa: PLR2004  (minutes tell more than one hour does)
            return self.say("minutes", n=minutes)
        hours = minutes // 60
        return self.say("hours", n=hours) if hours < 72 else self.say("days", n=hours // 24)  # noqa: PLR2004
