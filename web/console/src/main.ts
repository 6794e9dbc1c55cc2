import "element-plus/es/components/base/style/css";
import "element-plus/es/components/message/style/css";
import "element-plus/es/components/message-box/style/css";
import "element-plus/theme-chalk/dark/css-vars.css";
import "./styles/base.css";
import { QueryClient, VueQueryPlugin } from "@tanstack/vue-query";
import { createApp } from "vue";
import { onSignedOut } from "./api/client";
import { Problem } from "./api/problem";
import App from "./App.vue";
import { i18n } from "./app/i18n";
import { live } from "./app/live";
import { makeRouter, safeNext } from "./app/router";
import { sessionEnded } from "./app/session";
import { applySettings } from "./app/settings";

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: false,
      // What the platform refuses it will refuse again; what did not arrive may arrive now.
      retry: (count, error) => count < 2 && error instanceof Problem && (error.status === 0 || error.status === 503),
    },
  },
});
const router = makeRouter();

onSignedOut(() => {
  sessionEnded();
  live.close();
  queryClient.clear();
  const { name, fullPath } = router.currentRoute.value;
  if (name !== "sign-in" && name !== undefined) void router.replace({ name: "sign-in", query: { next: safeNext(fullPath) } });
});

void applySettings().then(() => {
  createApp(App).use(i18n).use(router).use(VueQueryPlugin, { queryClient }).mount("#app");
});
