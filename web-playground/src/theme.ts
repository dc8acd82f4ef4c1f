/** Light, dark, or the system's choice. */
import { effect, signal } from "@preact/signals";
import { keepChoice, recall } from "./workspace";

/** The possible choices. */
export type Theme = "system" | "light" | "dark";

const kept = recall("theme");

/** The choice. */
export const theme = signal<Theme>(kept === "light" || kept === "dark" ? kept : "system");

effect(() => {
  keepChoice("theme", theme.value);
  if (theme.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
});
