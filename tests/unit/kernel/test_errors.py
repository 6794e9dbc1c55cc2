from chargecloud.kernel.errors import ChargeCloudError, Refused


def test_an_error_carries_its_code_and_facts() -> None:
    error = Refused("余额不足", "balance_low", available_fen=120)
    assert isinstance(error, ChargeCloudError)
    assert (error.code, error.facts, str(error)) == ("balance_low", {"available_fen": 120}, "余额不足")
