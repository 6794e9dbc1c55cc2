"""Which lists may be had as files, with the columns of each: names of the fields in the answers of the list's route."""

import msgspec


class ExportList(msgspec.Struct, frozen=True, kw_only=True):
    """A list of the API. Filters, scope and masks are those of its route, which is asked page by page."""

    name: str
    path: str
    """Under the prefix of the API."""
    operation: str
    permission: str
    titles: tuple[str, str]
    """What it is called, in Chinese and English."""
    columns: tuple[str, ...]


def _list(name: str, path: str, rights: tuple[str, str], titles: tuple[str, str], columns: str) -> ExportList:
    operation, permission = rights
    return ExportList(
        name=name,
        path=path,
        operation=operation,
        permission=permission,
        titles=titles,
        columns=tuple(columns.split()),
    )


LISTS: dict[str, ExportList] = {
    each.name: each
    for each in (
        _list(
            "orders",
            "/orders",
            ("listOrders", "orders.read"),
            ("充电订单", "Orders"),
            "order_no session_no state flags station_id charge_point_code connector_no driver_id method card_label "
            "energy_mwh energy_fee_fen service_fee_fen total_fen refund_fen hold_fen payment_no pass_id stop_class "
            "stop_reason placed_at started_at ended_at settled_at",
        ),
        _list(
            "sessions",
            "/sessions",
            ("listSessions", "orders.read"),
            ("充电记录", "Sessions"),
            "session_no order_no state station_id charge_point_code connector_no driver_id method card_label vin "
            "energy_mwh amount_yuan soc_start_pct soc_pct charged_s stop_reason refusal requested_at began_at ended_at",
        ),
        _list(
            "payments",
            "/payments",
            ("listPayments", "wallets.read"),
            ("支付单", "Payments"),
            "payment_no state channel purpose driver_id order_no amount_fen gift_fen paid_fen refunded_fen "
            "returned_fen transaction_id flags place created_at paid_at credited_at",
        ),
        _list(
            "refunds",
            "/refunds",
            ("listRefunds", "wallets.read"),
            ("退款", "Refunds"),
            "refund_no standing kind driver_id amount_fen gift_fen reason requested_by requested_at ended_at",
        ),
        _list(
            "payment-cases",
            "/payment-cases",
            ("listPaymentCases", "wallets.read"),
            ("支付异常", "Payment cases"),
            "id state kind channel number day facts opened_at closed_at closed_by reason",
        ),
        _list(
            "reconciliation-days",
            "/reconciliation/days",
            ("listReconciliationDays", "wallets.read"),
            ("对账", "Reconciliation"),
            "channel day lines bill_paid_fen our_paid_fen bill_refunded_fen our_refunded_fen differences compared_at "
            "signed_by signed_at note",
        ),
        _list(
            "wallet-journal",
            "/wallet-journal",
            ("listAllJournal", "wallets.read"),
            ("钱包流水", "Wallet journal"),
            "transfer_id at driver_id driver_name kind purpose available_change_fen gift_change_fen held_change_fen "
            "arrears_change_fen hold_id memo actor",
        ),
        _list(
            "drivers",
            "/drivers",
            ("listDrivers", "drivers.read"),
            ("车主", "Drivers"),
            "id name phone_masked frozen frozen_reason created_at",
        ),
        _list(
            "cards",
            "/cards",
            ("listAllCards", "drivers.read"),
            ("充电卡", "Cards"),
            "id card_label card_id frozen has_password driver_id driver_name created_at",
        ),
        _list(
            "stations",
            "/stations",
            ("listStations", "stations.read"),
            ("充电站", "Stations"),
            "id name address phone latitude_udeg longitude_udeg charge_points online created_at",
        ),
        _list(
            "charge-points",
            "/charge-points",
            ("listChargePoints", "stations.read"),
            ("充电桩", "Charge points"),
            "code name station_id power_type connector_count rated_power_w enabled in_service online presence_since "
            "protocol protocol_version firmware_version sim_iccid tariff_no tariff_matches booted_at created_at",
        ),
        _list(
            "hubs",
            "/hubs",
            ("listHubs", "stations.read"),
            ("电动车主机", "Hubs"),
            "hub_code name station_id station_name charge_points online retired firmware_version signal_raw sim_iccid "
            "imei modem_version clock_skew_ms voltage_mv current_ma energy_mwh leakage_ma temp_c smoke breaker_closed "
            "first_seen_at seen_at sampled_at note",
        ),
        _list(
            "alarms",
            "/alarms",
            ("listAlarms", "alarms.read"),
            ("告警", "Alarms"),
            "id level state kind title station_id charge_point_code connector_no subject times first_at last_at "
            "acknowledged_by acknowledged_at closed_by closed_at note",
        ),
        _list(
            "staff",
            "/staff",
            ("listStaff", "staff.read"),
            ("后台人员", "Staff"),
            "id username display_name role disabled created_at",
        ),
        _list(
            "audit-log",
            "/audit-log",
            ("listAuditLog", "staff.read"),
            ("操作日志", "Audit log"),
            "id chain_no at actor actor_name action object facts source request_id digest",
        ),
        _list(
            "sign-ins",
            "/sign-ins",
            ("listSignIns", "staff.read"),
            ("登录日志", "Sign-ins"),
            "id at username source succeeded",
        ),
    )
}
