"""The lookup serves what a person may type or is asked by an act of his, and nothing else."""

from tests.company import Company


def test_merge_finds_the_survivor(company: Company) -> None:
    found = company.browser("archivist").page("/admin/customer_archive/ajax/lookup/?name=merged_into&query=KH", 200)
    assert found is not None


def test_the_one_responsible_is_found_on_return(company: Company) -> None:
    company.browser("custodian_5s").page("/admin/key_checkout/ajax/lookup/?name=responsible&query=a", 200)


def test_what_nobody_asks_stays_closed(company: Company) -> None:
    company.browser("custodian_5s").page("/admin/key_checkout/ajax/lookup/?name=issued_by&query=a", 400)


def test_who_never_takes_the_act_is_not_answered(company: Company) -> None:
    company.browser("finance").page("/admin/customer_archive/ajax/lookup/?name=merged_into&query=KH", 403)
