/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** Where the platform is, for WeChat: https://… as registered there. The web app uses the host it came from. */
  readonly VITE_API_BASE?: string;
}
