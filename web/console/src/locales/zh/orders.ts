export default {
  start: {
    button: "代车主启动",
    title: "代车主启动充电：{no} 号枪",
    driver: "车主",
    find: "姓名、完整手机号或卡号",
    limit: "充到",
    number: "请输入大于 0 的数",
    note: "费用从车主钱包支付，操作记入操作日志。",
    asked: "已下单，等待充电桩启动",
  },
  limits: { none: "充满为止", money: "金额", energy: "电量", minutes: "时长", soc: "电池电量" },
  units: { money: "元", energy: "kWh", minutes: "分钟", soc: "%" },
};
