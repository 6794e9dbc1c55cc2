// Generated from docs/openapi.json by `npm run types`; do not edit.
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * BalanceOut
         * @description A driver's money. `cash_fen` and `gift_fen` are all of it; gifts are spent after cash and never paid out.
         */
        BalanceOut: {
            /**
             * Arrears Fen
             * @description amount of money in fen (0.01 yuan)
             */
            arrears_fen: number;
            /**
             * Available Fen
             * @description amount of money in fen (0.01 yuan)
             */
            available_fen: number;
            /**
             * Cash Fen
             * @description amount of money in fen (0.01 yuan)
             */
            cash_fen: number;
            /** Driver Id */
            driver_id: number;
            /**
             * Gift Fen
             * @description amount of money in fen (0.01 yuan)
             */
            gift_fen: number;
            /**
             * Held Fen
             * @description amount of money in fen (0.01 yuan)
             */
            held_fen: number;
            /**
             * Refundable Fen
             * @description amount of money in fen (0.01 yuan)
             */
            refundable_fen: number;
        };
        /**
         * BandsOut
         * @description Prices of the four bands.
         */
        BandsOut: {
            flat: components["schemas"]["PriceBody"];
            peak: components["schemas"]["PriceBody"];
            sharp: components["schemas"]["PriceBody"];
            valley: components["schemas"]["PriceBody"];
        };
        /**
         * Basis
         * @description What a plan prices: time (in power tiers or not), energy, or the charge as such.
         * @enum {string}
         */
        Basis: "time" | "energy" | "per_use";
        /**
         * ChargePointDetail
         * @description A charge point with its connectors.
         */
        ChargePointDetail: {
            /** Booted At */
            booted_at: string | null;
            /** Capabilities */
            capabilities: string[];
            /** Carrier No */
            carrier_no: number;
            /** Clock Reported At */
            clock_reported_at: string | null;
            /** Clock Skew Ms */
            clock_skew_ms: number | null;
            /** Code */
            code: string;
            /** Connector Count */
            connector_count: number;
            /** Connectors */
            connectors: components["schemas"]["ConnectorOut"][];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Enabled */
            enabled: boolean;
            /** Firmware Version */
            firmware_version: string;
            /** Hub Code */
            hub_code: string | null;
            /** In Service */
            in_service: boolean;
            /** Name */
            name: string;
            /** Network Type */
            network_type: number;
            /** Online */
            online: boolean;
            /** Operator Id */
            operator_id: number;
            /** Power Limit Pct */
            power_limit_pct: number;
            /** Power Type */
            power_type: string;
            /**
             * Presence Since
             * Format: date-time
             */
            presence_since: string;
            /** Protocol */
            protocol: string;
            /** Protocol Version */
            protocol_version: string;
            /** Rated Power W */
            rated_power_w: number;
            /** Sim Iccid */
            sim_iccid: string;
            /** Source */
            source: string;
            /** Station Id */
            station_id: number;
            /** Tariff Matches */
            tariff_matches: boolean | null;
            /** Tariff No */
            tariff_no: string;
            /** Tariff Reported At */
            tariff_reported_at: string | null;
        };
        /**
         * ConnectorOut
         * @description A connector as it is now.
         */
        ConnectorOut: {
            /** Connector No */
            connector_no: number;
            /** Disabled Reason */
            disabled_reason: string;
            /** Enabled */
            enabled: boolean;
            /** Fault Bits */
            fault_bits: number;
            /** Holstered */
            holstered: boolean | null;
            /** Lock Alarm */
            lock_alarm: string;
            /** Lock Battery Pct */
            lock_battery_pct: number | null;
            /** Lock Occupied */
            lock_occupied: boolean | null;
            /** Lock Reported At */
            lock_reported_at: string | null;
            /** Lock State */
            lock_state: string;
            /** Name */
            name: string;
            /** Parking Bay */
            parking_bay: string;
            /** Plugged */
            plugged: boolean;
            /** Qr Code */
            qr_code: string;
            /** Rated Power W */
            rated_power_w: number;
            /** Retired */
            retired: boolean;
            /** Session No */
            session_no: string;
            /**
             * Since
             * Format: date-time
             */
            since: string;
            /** State */
            state: string;
        };
        /**
         * CorrectionOut
         * @description A later change of what an order costs; `reason` says why people gave something back.
         */
        CorrectionOut: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Bill No */
            bill_no: number;
            /** Change Fen */
            change_fen: number;
            /** Comparison */
            comparison: {
                [key: string]: unknown;
            };
            /** Correction Id */
            correction_id: string;
            /** Energy Fee Fen */
            energy_fee_fen: number;
            /** Energy Mwh */
            energy_mwh: number;
            /** Kind */
            kind: string;
            /** Reason */
            reason: string;
            /** Record Id */
            record_id: string | null;
            /** Service Fee Fen */
            service_fee_fen: number;
            /** Standing */
            standing: string;
        };
        /**
         * DriverSignInOut
         * @description A session, with its token shown this once.
         */
        DriverSignInOut: {
            /** Driver Id */
            driver_id: number;
            /**
             * Expires At
             * Format: date-time
             */
            expires_at: string;
            /** New Driver */
            new_driver: boolean;
            /** Openid */
            openid: string;
            /** Phone Masked */
            phone_masked: string;
            /** Token */
            token: string;
            /** Token Id */
            token_id: number;
        };
        /**
         * EventOut
         * @description One line of the timeline.
         */
        EventOut: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Detail */
            detail: {
                [key: string]: unknown;
            };
            /** Kind */
            kind: string;
        };
        /**
         * FeedbackKind
         * @description What a driver tells of.
         * @enum {string}
         */
        FeedbackKind: "fault" | "dispute" | "suggestion";
        /**
         * FeedbackState
         * @description Open until somebody has answered; the table of moves is `model.TRANSITIONS`.
         * @enum {string}
         */
        FeedbackState: "open" | "answered" | "closed";
        /**
         * FleetOut
         * @description The connectors of one kind at a station, counted.
         */
        FleetOut: {
            /** Available */
            available: number;
            /** Charging */
            charging: number;
            /** Connectors */
            connectors: number;
            /** Max Power W */
            max_power_w: number;
            /** Occupied */
            occupied: number;
            /** Offline */
            offline: number;
        };
        /**
         * JournalLineOut
         * @description One transfer as its driver sees it; changes are signed.
         */
        JournalLineOut: {
            /**
             * Arrears Change Fen
             * @description amount of money in fen (0.01 yuan)
             */
            arrears_change_fen: number;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /**
             * Available Change Fen
             * @description amount of money in fen (0.01 yuan)
             */
            available_change_fen: number;
            /**
             * Gift Change Fen
             * @description amount of money in fen (0.01 yuan)
             */
            gift_change_fen: number;
            /**
             * Held Change Fen
             * @description amount of money in fen (0.01 yuan)
             */
            held_change_fen: number;
            /** Hold Id */
            hold_id: string | null;
            /** Kind */
            kind: string;
            /** Memo */
            memo: string;
            /** Purpose */
            purpose: string;
            /** Transfer Id */
            transfer_id: string;
        };
        /**
         * LimitIn
         * @description Stop when so much is reached: fen, mWh, minutes or per cent.
         */
        LimitIn: {
            /** @default none */
            kind: components["schemas"]["LimitKind"];
            /**
             * Value
             * @default 0
             */
            value: number;
        };
        /**
         * LimitKind
         * @description What a driver may limit a charge by.
         * @enum {string}
         */
        LimitKind: "none" | "money" | "energy" | "minutes" | "soc";
        /**
         * MyCardOut
         * @description A card as its holder sees it: what is printed on it, not what its chip says.
         */
        MyCardOut: {
            /** Card Label */
            card_label: string;
            /** Frozen */
            frozen: boolean;
            /** Id */
            id: number;
        };
        /**
         * MyFeedbackDetailOut
         * @description With its photos and what was answered.
         */
        MyFeedbackDetailOut: {
            /** Answers */
            answers: components["schemas"]["MyReplyOut"][];
            /**
             * Changed At
             * Format: date-time
             */
            changed_at: string;
            /** Charge Point Code */
            charge_point_code: string;
            /** Connector No */
            connector_no: number;
            /** Contact */
            contact: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Id */
            id: number;
            kind: components["schemas"]["FeedbackKind"];
            /** Order No */
            order_no: string;
            /** Photos */
            photos: components["schemas"]["PhotoOut"][];
            /** Replies */
            replies: number;
            state: components["schemas"]["FeedbackState"];
            /** Text */
            text: string;
            /**
             * Unread
             * @description 有未读的答复
             */
            unread: boolean;
        };
        /**
         * MyFeedbackOut
         * @description Feedback as the driver sees it.
         */
        MyFeedbackOut: {
            /**
             * Changed At
             * Format: date-time
             */
            changed_at: string;
            /** Charge Point Code */
            charge_point_code: string;
            /** Connector No */
            connector_no: number;
            /** Contact */
            contact: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Id */
            id: number;
            kind: components["schemas"]["FeedbackKind"];
            /** Order No */
            order_no: string;
            /** Replies */
            replies: number;
            state: components["schemas"]["FeedbackState"];
            /** Text */
            text: string;
            /**
             * Unread
             * @description 有未读的答复
             */
            unread: boolean;
        };
        /**
         * MyReplyOut
         * @description An answer as the driver sees it.
         */
        MyReplyOut: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Text */
            text: string;
        };
        /**
         * MyselfOut
         * @description A driver as the driver sees it.
         */
        MyselfOut: {
            /** Frozen */
            frozen: boolean;
            /** Id */
            id: number;
            /** Name */
            name: string;
            /** Phone Masked */
            phone_masked: string;
        };
        /**
         * NearbyChargePointOut
         * @description A charge point as a driver sees it.
         */
        NearbyChargePointOut: {
            /** Code */
            code: string;
            /** Connectors */
            connectors: components["schemas"]["NearbyConnectorOut"][];
            /** In Service */
            in_service: boolean;
            /**
             * Kind
             * @enum {string}
             */
            kind: "car" | "ebike";
            /** Name */
            name: string;
            /** Online */
            online: boolean;
            /** Power Type */
            power_type: string;
            /** Rated Power W */
            rated_power_w: number;
        };
        /**
         * NearbyConnectorOut
         * @description A connector as a driver sees it.
         */
        NearbyConnectorOut: {
            /** Connector No */
            connector_no: number;
            /** Plugged */
            plugged: boolean;
            /**
             * Since
             * Format: date-time
             */
            since: string;
            /** State */
            state: string;
        };
        /**
         * NearbyStationOut
         * @description A station in the drivers' list. A kind that has no price there, or no connector, is null: nobody can charge.
         */
        NearbyStationOut: {
            /** Address */
            address: string;
            car_price: components["schemas"]["PriceNowOut"] | null;
            cars: components["schemas"]["FleetOut"] | null;
            ebike_plan: components["schemas"]["PlanBody"] | null;
            ebikes: components["schemas"]["FleetOut"] | null;
            /** Id */
            id: number;
            /** Latitude Udeg */
            latitude_udeg: number | null;
            /** Longitude Udeg */
            longitude_udeg: number | null;
            /** Name */
            name: string;
            /** Phone */
            phone: string;
        };
        /**
         * OrderDetailOut
         * @description An order with bill, settlement, corrections and timeline.
         */
        OrderDetailOut: {
            /** Bill */
            bill: components["schemas"]["OrderLineOut"][];
            /**
             * Bill Record Id
             * @description 当前账单依据的交易记录；按采样估算的为空
             */
            bill_record_id: string | null;
            /** Card Label */
            card_label: string;
            /** Charge Point Code */
            charge_point_code: string;
            /**
             * Comparison
             * @description 当前账单与桩侧、采样数据的比较；尚无账单时为空对象
             */
            comparison: {
                [key: string]: unknown;
            };
            /** Connector No */
            connector_no: number;
            /** Corrections */
            corrections: components["schemas"]["CorrectionOut"][];
            /** Driver Id */
            driver_id: number | null;
            /** Ended At */
            ended_at: string | null;
            /** Energy Fee Fen */
            energy_fee_fen: number;
            /** Energy Mwh */
            energy_mwh: number;
            /** Flags */
            flags: string[];
            /** Hold Fen */
            hold_fen: number;
            /** Hold Open */
            hold_open: boolean;
            limit: components["schemas"]["LimitIn"];
            /** Method */
            method: string;
            /** Operator Id */
            operator_id: number;
            /** Order No */
            order_no: string;
            /** Parallel No */
            parallel_no: string;
            /** Pass Id */
            pass_id: number | null;
            /** Payment No */
            payment_no: string | null;
            /**
             * Placed At
             * Format: date-time
             */
            placed_at: string;
            /** Refund Fen */
            refund_fen: number | null;
            /** Service Fee Fen */
            service_fee_fen: number;
            /** Session No */
            session_no: string;
            /** Settled At */
            settled_at: string | null;
            settlement: components["schemas"]["SettlementOut"] | null;
            /** Started At */
            started_at: string | null;
            /** State */
            state: string;
            /** Station Id */
            station_id: number;
            /** Stop Class */
            stop_class: string | null;
            /**
             * Stop Reason
             * @description the charge point's own reason, as its protocol names it
             */
            stop_reason: string;
            /** Tariff Version Id */
            tariff_version_id: number | null;
            /** Timeline */
            timeline: components["schemas"]["EventOut"][];
            /** Total Fen */
            total_fen: number;
            /** @description 汽车为空 */
            two_wheel_limits: components["schemas"]["TwoWheelLimitsOut"] | null;
            /** Usage Bill */
            usage_bill: components["schemas"]["UsageLineOut"][];
        };
        /**
         * OrderLineOut
         * @description What one band costs.
         */
        OrderLineOut: {
            /** Band */
            band: string;
            /** Energy Fee Yuan */
            energy_fee_yuan: string;
            /** Energy Mwh */
            energy_mwh: number;
            /** Energy Yuan Per Kwh */
            energy_yuan_per_kwh: string;
            /** Service Fee Yuan */
            service_fee_yuan: string;
            /** Service Yuan Per Kwh */
            service_yuan_per_kwh: string;
        };
        /**
         * OrderOut
         * @description An order as lists show it.
         */
        OrderOut: {
            /** Card Label */
            card_label: string;
            /** Charge Point Code */
            charge_point_code: string;
            /** Connector No */
            connector_no: number;
            /** Driver Id */
            driver_id: number | null;
            /** Ended At */
            ended_at: string | null;
            /** Energy Fee Fen */
            energy_fee_fen: number;
            /** Energy Mwh */
            energy_mwh: number;
            /** Flags */
            flags: string[];
            /** Hold Fen */
            hold_fen: number;
            /** Hold Open */
            hold_open: boolean;
            limit: components["schemas"]["LimitIn"];
            /** Method */
            method: string;
            /** Operator Id */
            operator_id: number;
            /** Order No */
            order_no: string;
            /** Parallel No */
            parallel_no: string;
            /** Pass Id */
            pass_id: number | null;
            /** Payment No */
            payment_no: string | null;
            /**
             * Placed At
             * Format: date-time
             */
            placed_at: string;
            /** Refund Fen */
            refund_fen: number | null;
            /** Service Fee Fen */
            service_fee_fen: number;
            /** Session No */
            session_no: string;
            /** Settled At */
            settled_at: string | null;
            /** Started At */
            started_at: string | null;
            /** State */
            state: string;
            /** Station Id */
            station_id: number;
            /** Stop Class */
            stop_class: string | null;
            /**
             * Stop Reason
             * @description the charge point's own reason, as its protocol names it
             */
            stop_reason: string;
            /** Tariff Version Id */
            tariff_version_id: number | null;
            /** Total Fen */
            total_fen: number;
        };
        /**
         * PartState
         * @description Where one part of a refund stands; the table of moves is `model.PART_TRANSITIONS`.
         * @enum {string}
         */
        PartState: "requested" | "processing" | "succeeded" | "closed" | "abnormal" | "handled";
        /**
         * PassOut
         * @description A monthly card or a pack.
         */
        PassOut: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Created By */
            created_by: string;
            /** Driver Id */
            driver_id: number;
            /** Ended At */
            ended_at: string | null;
            /** Id */
            id: number;
            /** Max Per Day */
            max_per_day: number;
            /** Max S Per Session */
            max_s_per_session: number;
            /** Name */
            name: string;
            /** Price Fen */
            price_fen: number;
            /** Station Id */
            station_id: number | null;
            /** Uses Left */
            uses_left: number | null;
            /**
             * Valid From
             * Format: date-time
             */
            valid_from: string;
            /**
             * Valid Until
             * Format: date-time
             */
            valid_until: string;
        };
        /**
         * PaymentOut
         * @description A payment as its driver sees it. `client` is there while it waits to be paid.
         */
        PaymentOut: {
            /**
             * Amount Fen
             * @description amount of money in fen (0.01 yuan)
             */
            amount_fen: number;
            /** Channel */
            channel: string;
            /**
             * Client
             * @description 调起支付所需的参数，原样传给支付控件
             */
            client: {
                [key: string]: string;
            } | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Expires At
             * Format: date-time
             */
            expires_at: string;
            /** Flags */
            flags: string[];
            /**
             * Gift Fen
             * @description amount of money in fen (0.01 yuan)
             */
            gift_fen: number;
            /** Order No */
            order_no: string | null;
            /** Paid At */
            paid_at: string | null;
            /** Payment No */
            payment_no: string;
            purpose: components["schemas"]["Purpose"];
            /**
             * Refunded Fen
             * @description amount of money in fen (0.01 yuan)
             */
            refunded_fen: number;
            /**
             * Returned Fen
             * @description 已退与退款中的金额
             */
            returned_fen: number;
            state: components["schemas"]["PaymentState"];
        };
        /**
         * PaymentState
         * @description Where a payment stands; the table of moves is `model.TRANSITIONS`.
         * @enum {string}
         */
        PaymentState: "created" | "prepaid" | "paid" | "part_refunded" | "refunded" | "closed" | "quarantined";
        /**
         * PhotoOut
         * @description A photo, to be fetched by its id; always JPEG.
         */
        PhotoOut: {
            /** Height Px */
            height_px: number;
            /** Id */
            id: number;
            /** Size Bytes */
            size_bytes: number;
            /** Width Px */
            width_px: number;
        };
        /**
         * PlanBody
         * @description A two-wheel price list; only the fields of its basis may be filled.
         */
        PlanBody: {
            basis: components["schemas"]["Basis"];
            /**
             * Bill Float
             * @default true
             */
            bill_float: boolean;
            /**
             * Billing Step Mwh
             * @default 1
             */
            billing_step_mwh: number;
            /**
             * Billing Step S
             * @default 1
             */
            billing_step_s: number;
            /**
             * Energy Yuan Per Kwh
             * @description 元/kWh，最多 5 位小数
             * @default 0
             * @example 0.80000
             */
            energy_yuan_per_kwh: string;
            /**
             * Free S
             * @default 0
             */
            free_s: number;
            /**
             * Full Hold Fen
             * @description 充满自停预付，分
             * @default 500
             */
            full_hold_fen: number;
            /**
             * Max Duration S
             * @default 43200
             */
            max_duration_s: number;
            /**
             * Max Power W
             * @default 0
             */
            max_power_w: number;
            /**
             * Min Charge Fen
             * @description 分
             * @default 0
             */
            min_charge_fen: number;
            /**
             * No Refund Under Fen
             * @description 分
             * @default 0
             */
            no_refund_under_fen: number;
            /**
             * Per Use Fen
             * @description 分
             * @default 0
             */
            per_use_fen: number;
            /**
             * Service Yuan Per Kwh
             * @description 元/kWh，最多 5 位小数
             * @default 0
             * @example 0.80000
             */
            service_yuan_per_kwh: string;
            /** @default upgrade_only */
            tier_practice: components["schemas"]["TierPractice"];
            /**
             * Tiers
             * @default []
             */
            tiers: components["schemas"]["TierBody"][];
        };
        /**
         * PriceBody
         * @description Energy and service price of one band.
         */
        PriceBody: {
            /**
             * Energy Yuan Per Kwh
             * @description 元/kWh，最多 5 位小数
             * @example 0.80000
             */
            energy_yuan_per_kwh: string;
            /**
             * Service Yuan Per Kwh
             * @description 元/kWh，最多 5 位小数
             * @example 0.80000
             */
            service_yuan_per_kwh: string;
        };
        /**
         * PriceNowOut
         * @description What a kWh costs in the half hour that runs.
         */
        PriceNowOut: {
            /**
             * Band
             * @enum {string}
             */
            band: "sharp" | "peak" | "flat" | "valley";
            /** Energy Yuan Per Kwh */
            energy_yuan_per_kwh: string;
            /** Service Yuan Per Kwh */
            service_yuan_per_kwh: string;
        };
        /**
         * Purpose
         * @description What a payment is for.
         * @enum {string}
         */
        Purpose: "top_up" | "prepayment";
        /**
         * RefundKind
         * @description Why money goes back.
         * @enum {string}
         */
        RefundKind: "wallet" | "rest" | "unused" | "staff";
        /**
         * RefundOut
         * @description A refund as its driver sees it.
         */
        RefundOut: {
            /**
             * Amount Fen
             * @description amount of money in fen (0.01 yuan)
             */
            amount_fen: number;
            /** Ended At */
            ended_at: string | null;
            /**
             * Gift Fen
             * @description 随退款收回的赠送金
             */
            gift_fen: number;
            kind: components["schemas"]["RefundKind"];
            /** Parts */
            parts: components["schemas"]["RefundPartOut"][];
            /** Reason */
            reason: string;
            /** Refund No */
            refund_no: string;
            /**
             * Requested At
             * Format: date-time
             */
            requested_at: string;
            standing: components["schemas"]["Standing"];
        };
        /**
         * RefundPartOut
         * @description What one payment gives back, by the way it came.
         */
        RefundPartOut: {
            /**
             * Amount Fen
             * @description amount of money in fen (0.01 yuan)
             */
            amount_fen: number;
            /** Channel */
            channel: string;
            /** Ended At */
            ended_at: string | null;
            /** Payment No */
            payment_no: string;
            /**
             * Requested At
             * Format: date-time
             */
            requested_at: string;
            state: components["schemas"]["PartState"];
        };
        /**
         * RefundQuoteOut
         * @description What could be paid back now, by the way it came.
         */
        RefundQuoteOut: {
            /**
             * Refundable Fen
             * @description amount of money in fen (0.01 yuan)
             */
            refundable_fen: number;
        };
        /**
         * SampleOut
         * @description One point of a charging curve.
         */
        SampleOut: {
            /** Amount Yuan */
            amount_yuan: string;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Battery Temp C */
            battery_temp_c: number | null;
            /** Cable Temp C */
            cable_temp_c: number | null;
            /** Current Ma */
            current_ma: number;
            /** Energy Mwh */
            energy_mwh: number;
            /** Fault Bits */
            fault_bits: number;
            /** Soc Pct */
            soc_pct: number;
            /** Status */
            status: number;
            /** Voltage Mv */
            voltage_mv: number;
        };
        /**
         * SegmentOut
         * @description Energy of one half hour, by our clock.
         */
        SegmentOut: {
            /** Energy Mwh */
            energy_mwh: number;
            /**
             * Start
             * Format: date-time
             */
            start: string;
        };
        /**
         * SessionOut
         * @description A charging session as it is now.
         */
        SessionOut: {
            /** Amount Yuan */
            amount_yuan: string;
            /** Battery Temp C */
            battery_temp_c: number | null;
            /** Began At */
            began_at: string | null;
            /** Cable Temp C */
            cable_temp_c: number | null;
            /** Cap Fen */
            cap_fen: number;
            /** Card Label */
            card_label: string;
            /** Charge Point Code */
            charge_point_code: string;
            /** Charged S */
            charged_s: number;
            /** Connector No */
            connector_no: number;
            /** Current Ma */
            current_ma: number;
            /** Driver Id */
            driver_id: number | null;
            /** Ended At */
            ended_at: string | null;
            /** Energy Mwh */
            energy_mwh: number;
            /**
             * Evidence At
             * Format: date-time
             */
            evidence_at: string;
            /** Flags */
            flags: string[];
            /** Limit Kind */
            limit_kind: string;
            /** Limit Value */
            limit_value: number;
            /** Method */
            method: string;
            /** Operator Id */
            operator_id: number;
            /** Order No */
            order_no: string;
            /** Parallel No */
            parallel_no: string;
            /** Power W */
            power_w: number;
            /** Record Count */
            record_count: number;
            /** Refusal */
            refusal: string;
            /** Remaining S */
            remaining_s: number;
            /** Reported Amount Yuan */
            reported_amount_yuan: string;
            /**
             * Requested At
             * Format: date-time
             */
            requested_at: string;
            /** Segments */
            segments: components["schemas"]["SegmentOut"][];
            /** Session No */
            session_no: string;
            /** Soc Pct */
            soc_pct: number;
            /** Soc Start Pct */
            soc_start_pct: number | null;
            /** State */
            state: string;
            /** Station Id */
            station_id: number;
            /** Stop Reason */
            stop_reason: string;
            /** Vin */
            vin: string;
            /** Voltage Mv */
            voltage_mv: number;
        };
        /**
         * SettlementOut
         * @description The one settlement, with our figures beside the charge point's.
         */
        SettlementOut: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Charged Fen */
            charged_fen: number;
            /** Comparison */
            comparison: {
                [key: string]: unknown;
            };
            /** Record Id */
            record_id: string | null;
            /** Rounding Yuan */
            rounding_yuan: string;
            /** Total Yuan */
            total_yuan: string;
            /** Verdict */
            verdict: string;
        };
        /**
         * Standing
         * @description What a refund came to, all its parts together.
         * @enum {string}
         */
        Standing: "open" | "done" | "part_done" | "failed";
        /**
         * StationPageOut
         * @description One station with its price lists and everything one may plug into.
         */
        StationPageOut: {
            /** Address */
            address: string;
            car_tariff: components["schemas"]["VersionOut"] | null;
            /** Charge Points */
            charge_points: components["schemas"]["NearbyChargePointOut"][];
            ebike_plan: components["schemas"]["PlanBody"] | null;
            /** Id */
            id: number;
            /** Latitude Udeg */
            latitude_udeg: number | null;
            /** Longitude Udeg */
            longitude_udeg: number | null;
            /** Name */
            name: string;
            /** Phone */
            phone: string;
        };
        /**
         * TierBody
         * @description What an hour costs up to so much power; the last tier has no upper end.
         */
        TierBody: {
            /**
             * Fen Per Hour
             * @description 分
             */
            fen_per_hour: number;
            /** Max Power W */
            max_power_w?: number | null;
        };
        /**
         * TierPractice
         * @description How the power tier of a moment is found.
         * @enum {string}
         */
        TierPractice: "first_minutes" | "upgrade_only" | "per_interval";
        /**
         * TokenOut
         * @description A bearer token, without the token.
         */
        TokenOut: {
            /** Appid */
            appid: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Current
             * @description whether it is the one that asks
             */
            current: boolean;
            /** Device Id */
            device_id: string;
            /**
             * Expires At
             * Format: date-time
             */
            expires_at: string;
            /** Id */
            id: number;
            /** Label */
            label: string;
            /**
             * Used At
             * Format: date-time
             */
            used_at: string;
        };
        /**
         * TopUpPlanOut
         * @description A sum offered for top-ups, and what comes on top.
         */
        TopUpPlanOut: {
            /**
             * Amount Fen
             * @description amount of money in fen (0.01 yuan)
             */
            amount_fen: number;
            /**
             * Gift Fen
             * @description amount of money in fen (0.01 yuan)
             */
            gift_fen: number;
            /** Id */
            id: number;
            /**
             * Max Per Driver
             * @description 每人限用次数；0: 不限
             */
            max_per_driver: number;
            /** Name */
            name: string;
        };
        /**
         * TwoWheelLimitsOut
         * @description What ends a two-wheel charge by itself, as the plan it was placed under had it.
         */
        TwoWheelLimitsOut: {
            /** Max Duration S */
            max_duration_s: number;
            /**
             * Max Power W
             * @description 0：插座板自身的上限
             */
            max_power_w: number;
        };
        /**
         * UsageLineOut
         * @description A line of a two-wheel bill.
         */
        UsageLineOut: {
            /** Duration S */
            duration_s: number;
            /** Energy Fee Yuan */
            energy_fee_yuan: string;
            /** Energy Mwh */
            energy_mwh: number;
            /** Energy Yuan Per Kwh */
            energy_yuan_per_kwh: string | null;
            /** Fen Per Hour */
            fen_per_hour: number | null;
            /** Kind */
            kind: string;
            /** Max Power W */
            max_power_w: number | null;
            /** Service Fee Yuan */
            service_fee_yuan: string;
            /** Service Yuan Per Kwh */
            service_yuan_per_kwh: string | null;
        };
        /**
         * VehicleOut
         * @description A vehicle.
         */
        VehicleOut: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Id */
            id: number;
            /** Label */
            label: string;
            /** Vin Masked */
            vin_masked: string;
        };
        /**
         * VersionOut
         * @description A version; it never changes.
         */
        VersionOut: {
            bands: components["schemas"]["BandsOut"];
            /** Created By */
            created_by?: string | null;
            /**
             * Effective From
             * Format: date-time
             */
            effective_from: string;
            /** Half Hours */
            half_hours: ("sharp" | "peak" | "flat" | "valley")[];
            /** Id */
            id: number;
            state: components["schemas"]["VersionState"] | null;
            /** Tariff Id */
            tariff_id: number;
            /** Tariff No */
            tariff_no: string;
            /** Version No */
            version_no: number;
        };
        /**
         * VersionState
         * @description Where a version stands; follows from its dates and never goes back.
         * @enum {string}
         */
        VersionState: "pending" | "active" | "expired" | "cancelled";
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
