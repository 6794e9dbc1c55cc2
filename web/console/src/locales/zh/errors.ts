export default {
  no_connection: "连不上平台，请检查网络。",
  no_session: "密码正确，但浏览器没有保存登录状态：请允许本站使用 Cookie；若用 http 访问，请改用 https。",
  unexpected: "页面出错。",
  permission_missing: "您的角色没有这个权限。",
  not_signed_in: "登录已过期。",
};
