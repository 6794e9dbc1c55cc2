export default {
  start: {
    button: "Start for a driver",
    title: "Start for a driver: connector {no}",
    driver: "Driver",
    find: "Name, whole telephone or card number",
    limit: "Until",
    number: "A number above 0",
    note: "Paid from the driver's wallet; it is written into the audit log.",
    asked: "Ordered; waiting for the charge point to start",
  },
  limits: { none: "the battery is full", money: "an amount", energy: "an energy", minutes: "a time", soc: "a state of charge" },
  units: { money: "yuan", energy: "kWh", minutes: "minutes", soc: "%" },
};
