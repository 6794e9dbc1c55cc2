export default {
  no_connection: "The platform cannot be reached; look at the network.",
  unexpected: "The page failed.",
  permission_missing: "Your role does not have this permission.",
  not_signed_in: "The session has ended.",
  charge_point_offline: "The charge point is offline.",
  charge_point_unknown: "There is no such charge point.",
  station_unknown: "There is no such station.",
  order_unknown: "There is no such order.",
  command_unsupported: "This charge point cannot do that.",
  qr_prefix_missing: "No address for QR codes is configured (setting qr.prefix).",
  no_connectors: "There is no connector here yet.",
};
