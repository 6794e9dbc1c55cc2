// Plain texts that say what the platform really does. An operator has a lawyer read them before going public.
import type { Language } from "@/i18n";

export type Doc = "agreement" | "privacy" | "topup";

export const LEGAL: Record<Language, Record<Doc, string[]>> = {
  zh: {
    agreement: [
      "一、服务。本应用帮助您查找充电站、启动和停止充电、查看账单、管理钱包。充电服务由充电站的运营商提供。",
      "二、价格。每次充电按启动时公示的价格结算，充电过程中价格调整不影响本次订单。电费与服务费分开列示。",
      "三、下单与冻结。启动充电时，平台从您的余额中冻结一笔金额；结束后按实际用量扣款，其余立即解冻。没有充成的订单不收费。",
      "四、结算。账单以充电桩上传的交易记录为准；记录与平台数据不一致时，先按较低金额扣款，并由人工核对。",
      "五、安全。请使用合格的车辆、电池和充电器，插枪后检查连接是否牢固。出现异味、过热、冒烟时请立即停止充电并远离。",
      "六、账户。请妥善保管您的账户和充电卡；卡片丢失请立即在“我的卡”中挂失。",
    ],
    privacy: [
      "一、我们收集什么。微信用户标识、您主动提供的手机号、充电订单与支付记录、您登记的车架号、登录设备的编号、您提交的反馈与留下的联系方式。",
      "二、位置。距离在您的手机上计算，位置不会上传到服务器。不授权定位也可以使用全部功能。",
      "三、用途。只用于提供充电、结算、退款、安全保护和客服；不用于广告，不出售给任何人。",
      "四、保存。订单与支付记录按法律要求的期限保存；手机号与车架号在界面上以掩码显示。",
      "五、您的权利。您可以查看自己的订单和流水，在“设置”中让其他设备下线、退出登录，或联系运营商更正、删除个人信息和注销账户。",
    ],
    topup: [
      "一、充值金额存入您在本平台的余额，可用于所有支持的充电站。",
      "二、余额可以随时申请退款，按充值的原路退回，最近的充值先退。申请后金额立即冻结。微信零钱一般即时到账，银行卡 1 至 3 个工作日。",
      "三、充值赠送的金额单独记账，可用于充电，不能退款。",
      "四、付款后没有立即到账时请不要重复支付：平台会主动向微信查询，通常几秒内到账。",
    ],
  },
  en: {
    agreement: [
      "1. The service. This app helps you find stations, start and stop charging, read bills and manage your wallet. The operator of the station provides the charging.",
      "2. Prices. A charge is billed at the prices shown when it starts; a later change does not touch it. Electricity and service are listed apart.",
      "3. Money set aside. At the start an amount of your balance is set aside; at the end you pay what was delivered and the rest is free at once. What did not charge costs nothing.",
      "4. Bills follow the record of the charge point. Where it differs from our figures you pay the lower amount first, and people look at it.",
      "5. Safety. Use sound vehicles, batteries and chargers, and check the plug. At smell, heat or smoke stop charging at once and keep away.",
      "6. Your account. Take care of it and of your cards; block a lost card at once under “My cards”.",
    ],
    privacy: [
      "1. What we keep: your WeChat identifier, the phone number you give us, orders and payments, VINs you add, a number for each device you sign in on, and what you tell the operator with how to reach you.",
      "2. Location. Distances are reckoned on your phone; where you are is not sent to us. Everything works without it.",
      "3. Use. Only for charging, billing, refunds, safety and support. No advertising, and nobody buys it.",
      "4. Keeping. Orders and payments are kept as long as the law asks. Phone numbers and VINs are shown masked.",
      "5. Your rights. See your orders and history, sign out other devices under “Settings”, or ask the operator to correct or delete your data and close your account.",
    ],
    topup: [
      "1. What you pay in becomes your balance here, good at every station that is offered.",
      "2. You can have the balance back at any time, the way it came, latest top-up first. It is set aside at once; WeChat balance arrives at once, bank cards in 1–3 working days.",
      "3. Gifts are kept apart: good for charging, not refundable.",
      "4. If a payment does not show at once, do not pay twice: we ask WeChat ourselves, and it usually arrives within seconds.",
    ],
  },
};
