import { defineConfig } from "vite";
import { examples } from "./build/examples.js";
import { offline } from "./build/offline.js";
import { policy } from "./build/policy.js";

export default defineConfig({
  // The page may stand in any folder of a server.
  base: "./",
  plugins: [examples(), policy(), offline()],
  worker: { format: "es" },
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  preview: { host: "127.0.0.1", strictPort: true },
});
