"""What a policy is refused for, in Dutch.

Faults are written once, in English, where they are found; here are the phrases of which they are made. What has none
stays as it is, and so does what stands in the file: names, values and codes.
"""

import re
from collections.abc import Sequence
from functools import cache

from edge.policy_text import Language, Words

_ALLOWED, _MEANT = Words("; allowed: ", "; toegestaan: "), Words("; did you mean ", "; bedoelt u ")

# {} stands for what is taken over; before the first " = " of a fault, so that no value of a file is taken for a phrase.
_FAULTS = (
    Words("{} is missing", "{} ontbreekt"),
    Words("{} unknown option {}", "{} onbekende optie {}"),
    Words("{} unknown section {}", "{} onbekende sectie {}"),
    Words("{} is no table of options", "{} is geen tabel van opties"),
    Words("{} is no field of a policy", "{} is geen veld van een policy"),
    Words("{}: exists already; a policy is never overwritten", "{}: bestaat al; een policy wordt nooit overschreven"),
    Words("{}: can't be written: {}", "{}: kan niet geschreven worden: {}"),
    Words(
        "{}: can't be read: {}; nothing runs without a policy",
        "{}: kan niet gelezen worden: {}; zonder policy draait niets",
    ),
    Words("{}: is not UTF-8 text", "{}: is geen tekst in UTF-8"),
    Words(
        "{}: is not TOML: line {}: {}; a date is written {}",
        "{}: is geen TOML: regel {}: {}; een datum wordt geschreven als {}",
    ),
    Words(
        "{}: is not TOML: line {}: {} is no number, date, true or false; a text is written in quotes",
        "{}: is geen TOML: regel {}: {} is geen getal, datum, true of false; een tekst staat tussen aanhalingstekens",
    ),
    Words("{}: is not TOML: {}", "{}: is geen TOML: {}"),
)
_RULES = (
    Words("{} (today) or later: a camera would count nothing", "{} (vandaag) of later: een camera zou niets tellen"),
    Words("{} (valid_from) or later", "{} (valid_from) of later"),
    Words("{} (message_days) or less", "{} (message_days) of minder"),
    Words("a date such as {}", "een datum zoals {}"),
    Words("a text of one line that is not empty", "een tekst van één regel die niet leeg is"),
    Words("UTF-8 text", "tekst in UTF-8"),
    Words("true or false", "true of false"),
    Words("an address such as {}", "een adres zoals {}"),
    Words(
        '"sha256:" and the 64 hexadecimal digits of the zone rule file, or "" for none',
        '"sha256:" en de 64 hexadecimale cijfers van het bestand met zoneregels, of "" voor geen',
    ),
    Words(
        "the digest that {} prints (docs/zone-rules.md), with admitted on a ladder",
        "de digest die {} toont (docs/zone-rules.md), bij admitted op een ladder",
    ),
    Words(
        "lower-case letters, digits and dashes, {} to {}",
        "kleine letters, cijfers en streepjes, {} tot en met {} tekens",
    ),
    Words(
        "a whole number from {} to {}, higher than any before", "een geheel getal van {} tot {}, hoger dan elk eerder"
    ),
    Words("minutes, a whole number from {} to {}", "minuten, een geheel getal van {} tot en met {}"),
    Words("days, a whole number from {} to {}", "dagen, een geheel getal van {} tot en met {}"),
    Words("a whole number from {} to {}", "een geheel getal van {} tot en met {}"),
    Words(
        'the reference of a data protection impact assessment, "" only without enrichment',
        'het kenmerk van een DPIA, "" alleen zonder verrijking',
    ),
    Words(
        "the reference of a data protection impact assessment, with enrichment {}",
        "het kenmerk van een DPIA, bij verrijking {}",
    ),
    Words(
        'a text of one line, "" where neither origin nor trade is enriched',
        'een tekst van één regel, "" zonder verrijking origin of trade',
    ),
    Words(
        "the decision that the link is needed for the public task, with enrichment {}",
        "het besluit dat de koppeling nodig is voor de publieke taak, bij verrijking {}",
    ),
    Words('"" with enrichment neither origin nor trade', '"" zonder verrijking origin of trade'),
    Words('"" without enrichment {}', '"" zonder verrijking {}'),
    Words("each name once", "elke naam eenmaal"),
    Words(
        "a list of camera names, at least one, each of lower-case letters, digits and dashes",
        "een lijst van cameranamen, ten minste één, elk van kleine letters, cijfers en streepjes",
    ),
    Words("a list, empty or of: {}", "een lijst, leeg of van: {}"),
    Words("a list of rungs, at least one", "een lijst van treden, ten minste één"),
    Words("a list of: {}", "een lijst van: {}"),
    Words("a share above 0, up to {}", "een deel boven 0, tot en met {}"),
    Words("one to {} [[release.tables]]", "één tot {} [[release.tables]]"),
    Words(
        "the scale of the noise on each number, {} to {}; 0 for none",
        "de schaal van de ruis op elk getal, {} tot {}; 0 voor geen",
    ),
    Words("a section [release.dp] with a budget", "een sectie [release.dp] met een budget"),
    Words("epsilon of a vehicle and day, {} to {}", "epsilon van een voertuig en dag, {} tot {}"),
    Words("{} or more (less only in a bench policy)", "{} of meer (minder alleen in een testpolicy)"),
    Words("a name for each table", "een eigen naam voor elke tabel"),
    Words("weights of all tables that sum to 1", "gewichten van alle tabellen die samen 1 zijn"),
    Words("0 with [release.dp], which has noise of its own", "0 bij [release.dp], dat zelf ruis heeft"),
    Words(
        "{} with [release.dp]: a vehicle may pass any number of times",
        "{} bij [release.dp]: een voertuig mag vaker passeren",
    ),
    Words(
        "{} or nothing with [release.dp]: {} has too many values to noise a cell of each",
        "{} of niets bij [release.dp]: {} heeft te veel waarden om een cel van elk van ruis te voorzien",
    ),
    Words("one with [release.dp]", "één bij [release.dp]"),
    Words("those of an hour before those of a day", "die van een uur voor die van een dag"),
    Words("all of one period with measure {}", "alle van één periode bij measure {}"),
    Words(
        "{} in every rung: without it a vehicle that drives in and out would be two",
        "{} in elke trede: zonder zou een voertuig dat in en uit rijdt er twee zijn",
    ),
    Words("each dimension once", "elke dimensie eenmaal"),
    Words("{} with enrichment {} only", "{} alleen bij verrijking {}"),
    Words("for {} nothing that the rung before it does not tell", "voor {} niets dat de trede ervoor niet ook vertelt"),
    Words(
        "for {} all of the last hour rung's and more, or some of them",
        "voor {} alles van de laatste uurtrede en meer, of een deel ervan",
    ),
    Words(
        "for {} a day rung with just the dimensions of the last hour rung before this one",
        "voor {} hiervoor een dagtrede met precies de dimensies van de laatste uurtrede",
    ),
    Words(
        "for {} no {}: nobody knows which vehicles it may have, so nothing is left",
        "voor {} geen {}: niemand weet welke voertuigen het kan hebben, dus blijft niets over",
    ),
    Words('FIELD=TEXT, such as who.controller="{}"', 'VELD=TEKST, zoals who.controller="{}"'),
)


def told(fault: str, language: Language) -> str:
    """Return what is wrong with a policy in the language of whoever reads it."""
    if language is not Language.NL:
        return fault
    for mark, phrases in ((_ALLOWED, _RULES), (_MEANT, ())):
        head, found, rest = fault.rpartition(mark.en)
        if found:
            return _dutch(head, _FAULTS) + mark.nl + _dutch(rest, phrases)
    return _dutch(fault, _FAULTS)


def rule(allowed: str, language: Language) -> str:
    """Return what is allowed in the language of whoever reads it."""
    return _dutch(allowed, _RULES) if language is Language.NL else allowed


def _dutch(text: str, phrases: Sequence[Words]) -> str:
    for phrase in phrases:
        if found := _pattern(phrase.en).fullmatch(text):
            return phrase.nl.format(*found.groups())
    return text


@cache
def _pattern(phrase: str) -> re.Pattern[str]:
    """Match a phrase; its first part is no value, which could hold phrases."""
    return re.compile(re.escape(phrase).replace(r"\{\}", "(.+?)").replace("(.+?)", "([^=]+?)", 1), re.DOTALL)
