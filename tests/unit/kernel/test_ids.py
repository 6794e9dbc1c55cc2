from chargecloud.kernel.ids import SESSION_NO_DIGITS, new_id, new_order_no, new_secret, new_session_no

AT_MS = 1_767_196_800_000  # 2026-01-01 00:00 in Beijing


def test_session_number_is_charge_point_connector_local_time_and_chance() -> None:
    number = new_session_no("32010600019236", 1, AT_MS)
    assert number.startswith("3201060001923601260101000000")
    assert len(number) == SESSION_NO_DIGITS
    assert number.isdigit()


def test_order_number_begins_with_the_local_time() -> None:
    assert new_order_no(AT_MS).startswith("20260101000000")


def test_ids_and_secrets_do_not_repeat() -> None:
    assert len({new_id() for _ in range(1000)} | {new_secret() for _ in range(1000)}) == 2000
