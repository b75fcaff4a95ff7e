"""Double entry: each invoice is written in the books of both sides, and each book balances by itself."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from services.billing.model.identifiers import account_id


class AccountKind(Enum):
    """What an account holds: what others owe me and what I earned, what I owe others and what it was for."""

    RECEIVABLE = "receivable"
    REVENUE = "revenue"
    PAYABLE = "payable"
    EXPENSE = "expense"


@dataclass(frozen=True, slots=True)
class Account:
    """An account in the book of `organisation_id`, about one counterparty; revenue and expense also about one item."""

    organisation_id: UUID
    counterparty_id: UUID
    kind: AccountKind
    item_code: str
    currency: str

    @property
    def id(self) -> UUID:
        """The derived id."""
        return account_id(self.organisation_id, self.counterparty_id, self.kind.value, self.item_code, self.currency)


@dataclass(frozen=True, slots=True)
class Posting:
    """Minor units on an account: positive is a debit, negative a credit."""

    account: Account
    amount_minor: int


@dataclass(frozen=True, slots=True)
class ItemAmount:
    """What an invoice takes for one item."""

    item_code: str
    amount_minor: int


def invoice_postings(payer_id: UUID, payee_id: UUID, currency: str, items: Iterable[ItemAmount]) -> list[Posting]:
    """The postings of an invoice: they sum to zero in each book. Amounts of zero are left out."""
    by_item: dict[str, int] = defaultdict(int)
    for item in items:
        by_item[item.item_code] += item.amount_minor
    total = sum(by_item.values())

    def payee(kind: AccountKind, code: str, amount: int) -> Posting:
        return Posting(Account(payee_id, payer_id, kind, code, currency), amount)

    def payer(kind: AccountKind, code: str, amount: int) -> Posting:
        return Posting(Account(payer_id, payee_id, kind, code, currency), amount)

    postings = [payee(AccountKind.RECEIVABLE, "", total), payer(AccountKind.PAYABLE, "", -total)]
    for code, amount in sorted(by_item.items()):
        postings += [payee(AccountKind.REVENUE, code, -amount), payer(AccountKind.EXPENSE, code, amount)]
    return [posting for posting in postings if posting.amount_minor != 0]
