/** The input of the panels. Kept apart from them, so that a link and the next visit restore it. */
import { signal } from "@preact/signals";

/** The fields of all panels, by name. */
export const asked = signal<Readonly<Record<string, string>>>({});

/** One field: its value, and how to change it. */
export function useAsked(name: string, initial: string): [string, (value: string) => void] {
  const value = asked.value[name] ?? initial;
  return [
    value,
    (next) => {
      asked.value = { ...asked.value, [name]: next };
    },
  ];
}
