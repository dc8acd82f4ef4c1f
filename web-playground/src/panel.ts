/** The panels on the right, by name. */
export const PANELS = ["journey", "map", "routes", "service", "admission", "compare"] as const;

/** One of the panels. */
export type Panel = (typeof PANELS)[number];
