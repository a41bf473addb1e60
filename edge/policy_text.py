"""What each field of a policy is for, in the words of privacy officers, and the part of the advice behind it.

The advice is that to Dutch municipalities on analyses with ANPR cameras in zero-emission zones; the numbers are its
paragraphs.
"""

from enum import Enum, StrEnum
from typing import NamedTuple


class Language(StrEnum):
    """Languages in which a policy is explained."""

    EN = "en"
    NL = "nl"


class Words(NamedTuple):
    """The same in both languages."""

    en: str
    nl: str

    def told(self, language: Language) -> str:
        """Return the words in one language."""
        return self.nl if language is Language.NL else self.en


class Rule(Enum):
    """What the advice asks for: its paragraph, and the rule in both languages."""

    BASIS = (
        "4.1",
        Words(
            "every analysis needs a legal basis, a purpose that fits it, and necessity",
            "elke analyse vraagt een grondslag, doelbinding en noodzaak",
        ),
    )
    ASSESSMENT = (
        "4.1",
        Words(
            "analyses of enriched plates take a data protection impact assessment of their own, beforehand",
            "analyses van verrijkte kentekens vragen vooraf een eigen DPIA",
        ),
    )
    LINK = (
        "3.2",
        Words(
            "data that are not public are linked only under extra protection, and where the public task needs the link",
            "niet-openbare gegevens koppelen mag alleen met extra bescherming en als de publieke taak dat vraagt",
        ),
    )
    SCENARIO = (
        "2.3",
        Words(
            "an analysis outside its purpose, or without enough protection, is not allowed",
            "een analyse buiten het doel, of zonder voldoende bescherming, is niet toegestaan",
        ),
    )
    LARGE = (
        "3.5",
        Words(
            "count large numbers, not per camera per minute",
            "analyseer grote aantallen, niet per camera per minuut",
        ),
    )
    SETTINGS = (
        "2.3",
        Words(
            "no change of software settings may bring identification back",
            "geen wijziging van instellingen mag herleiding weer mogelijk maken",
        ),
    )
    SHORT = (
        "4.2",
        Words(
            "keep as short as possible, delete automatically, give exports an expiry date",
            "bewaar zo kort mogelijk, verwijder automatisch, geef exports een houdbaarheidsdatum",
        ),
    )
    INFORM = (
        "4.3",
        Words(
            "people are told who is responsible, what for, and where to read more",
            "betrokkenen horen wie verantwoordelijk is, waarvoor, en waar meer te lezen is",
        ),
    )
    ACCESS = (
        "4.3",
        Words(
            "as few people as possible can see what the camera sees",
            "zo weinig mogelijk mensen kunnen zien wat de camera ziet",
        ),
    )

    def told(self, language: Language) -> str:
        """Return the rule and where it stands, such as "advice, 4.1: …"."""
        paragraph, words = self.value
        return f"{'advies' if language is Language.NL else 'advice'}, {paragraph}: {words.told(language)}"


class Field(NamedTuple):
    """One option: where it stands, what it says, the rule behind it, and what a new file holds."""

    section: str
    option: str
    words: Words
    rule: Rule
    new: str
    """As TOML; "" where whoever writes the policy must fill it in."""


FIELDS = (
    Field("policy", "id", Words("name of this policy", "naam van deze policy"), Rule.BASIS, ""),
    Field(
        "policy",
        "serial",
        Words(
            "number of this version; one higher with each change, over all policies of a camera",
            "nummer van deze versie; bij elke wijziging een hoger, over alle policies van een camera",
        ),
        Rule.SETTINGS,
        "1",
    ),
    Field(
        "policy",
        "bench",
        Words(
            "true only for test benches with made-up plates, which no production camera accepts",
            "alleen true voor testopstellingen met verzonnen kentekens, die geen camera op straat accepteert",
        ),
        Rule.SETTINGS,
        "false",
    ),
    Field(
        "who",
        "controller",
        Words("who is responsible (controller)", "wie verwerkingsverantwoordelijke is"),
        Rule.INFORM,
        "",
    ),
    Field(
        "who", "contact", Words("where people reach the controller", "waar de gemeente bereikbaar is"), Rule.INFORM, ""
    ),
    Field(
        "who",
        "data_protection_officer",
        Words(
            "where people reach the data protection officer",
            "waar de Functionaris Gegevensbescherming bereikbaar is",
        ),
        Rule.INFORM,
        "",
    ),
    Field(
        "who",
        "information_url",
        Words("page with the full information", "pagina met de volledige informatie"),
        Rule.INFORM,
        "",
    ),
    Field("why", "purpose", Words("what is counted for", "waarvoor wordt geteld"), Rule.BASIS, ""),
    Field("why", "legal_basis", Words("legal basis of the counts", "grondslag van de tellingen"), Rule.BASIS, ""),
    Field(
        "why",
        "necessity",
        Words("why nothing milder does", "waarom het niet met minder kan"),
        Rule.BASIS,
        "",
    ),
    Field(
        "why",
        "traffic_decision",
        Words("the traffic decision on the zone", "het verkeersbesluit over de zone"),
        Rule.BASIS,
        "",
    ),
    Field(
        "why",
        "dpia",
        Words(
            "reference of the DPIA; may be empty only without enrichment",
            "kenmerk van de DPIA; alleen leeg zonder verrijking",
        ),
        Rule.ASSESSMENT,
        "",
    ),
    Field(
        "why",
        "link_decision",
        Words(
            "decision that the link is needed for the public task; with origin or trade only",
            "besluit dat de koppeling nodig is voor de publieke taak; alleen bij origin of trade",
        ),
        Rule.LINK,
        '""',
    ),
    Field("where", "zone", Words("name of the zone", "naam van de zone"), Rule.BASIS, ""),
    Field(
        "where",
        "cameras",
        Words("names of the cameras, no other counts", "namen van de camera's; geen andere telt"),
        Rule.BASIS,
        "",
    ),
    Field("where", "valid_from", Words("first day", "eerste dag"), Rule.SHORT, ""),
    Field(
        "where",
        "valid_until",
        Words("last day; after it the camera counts nothing", "laatste dag; daarna telt de camera niets"),
        Rule.SHORT,
        "",
    ),
    Field(
        "what",
        "enrichment",
        Words(
            "what plates are looked up in: rdw, exemptions, origin, trade; [] is nothing",
            "waarin kentekens worden opgezocht: rdw, exemptions, origin, trade; [] is niets",
        ),
        Rule.SCENARIO,
        "[]",
    ),
    Field(
        "what",
        "zone_rules",
        Words(
            'digest of the zone rule file, as `anpr-edge rules verify` prints it; "" for none',
            'digest van het bestand met zoneregels, zoals `anpr-edge rules verify` toont; "" voor geen',
        ),
        Rule.SCENARIO,
        '""',
    ),
    Field(
        "what",
        "measure",
        Words(
            "what the numbers count: passages or unique_vehicles",
            "wat de getallen tellen: passages of unique_vehicles",
        ),
        Rule.BASIS,
        '"passages"',
    ),
    Field(
        "what",
        "repeat_gap_minutes",
        Words(
            "the same vehicle again within so many minutes counts once",
            "hetzelfde voertuig binnen zoveel minuten telt eenmaal",
        ),
        Rule.BASIS,
        "10",
    ),
    Field(
        "release",
        "k",
        Words(
            "the fewest different vehicles that a number may stand for; 10 or more",
            "het kleinste aantal verschillende voertuigen achter een getal; 10 of meer",
        ),
        Rule.LARGE,
        "10",
    ),
    Field(
        "retention",
        "outbox_days",
        Words(
            "days that released counts stay on the camera, for a link that fails",
            "dagen dat vrijgegeven tellingen op de camera blijven, voor als de verbinding faalt",
        ),
        Rule.SHORT,
        "30",
    ),
    Field(
        "retention",
        "message_days",
        Words(
            "days after which published counts expire; subscribers delete them then",
            "dagen waarna gepubliceerde tellingen vervallen; afnemers verwijderen ze dan",
        ),
        Rule.SHORT,
        "365",
    ),
    Field(
        "set_up",
        "minutes",
        Words(
            "minutes of live pictures at most, for an installer who aims the camera; 0: none",
            "minuten live beelden hooguit, voor een installateur die de camera richt; 0: geen",
        ),
        Rule.ACCESS,
        "0",
    ),
)


def rule_of(section: str, option: str) -> Rule:
    """Return the rule behind an option; what has no field of its own is held by its section."""
    same = [field for field in FIELDS if field.section == section]
    found = [field for field in same if field.option == option] or same
    return found[0].rule if found else Rule.SETTINGS
