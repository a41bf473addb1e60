"""The three lists, and how their values are written as small numbers."""

from enum import StrEnum

from edge.categories import Exemption, Trade


class ListKind(StrEnum):
    """What a list says of its plates."""

    EXEMPTIONS = "exemptions"
    ORIGIN = "origin"
    TRADE = "trade"


# Zero is what a plate has that is not listed, and is never written. Origins are the municipality's own number.
NOT_LISTED = 0
# Of two exemptions on one day the higher number counts.
EXEMPTION_CODES: dict[Exemption, int] = {Exemption.DAY: 1, Exemption.LONG_TERM: 2}
# A section is the number of its letter.
TRADE_CODES: dict[Trade, int] = {
    trade: 1 if trade is Trade.PRIVATE else ord(trade) for trade in Trade if trade is not Trade.UNKNOWN
}
