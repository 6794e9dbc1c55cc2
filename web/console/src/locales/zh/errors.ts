export default {
  no_connection: "连不上平台，请检查网络。",
  unexpected: "页面出错。",
  permission_missing: "您的角色没有这个权限。",
  not_signed_in: "登录已过期。",
};
