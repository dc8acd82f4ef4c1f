/** The page's icons: lines on a grid of 20, in the colour of the text around them. */
const PATHS = {
  plus: "M10 4v12M4 10h12",
  close: "M5 5l10 10M15 5L5 15",
  folder: "M3 6.5V15a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1V8a1 1 0 0 0-1-1h-6L8 4.5H4a1 1 0 0 0-1 1z",
  share: "M8 11.5a3 3 0 0 0 4.3 0l3-3a3 3 0 0 0-4.3-4.3l-1 1M12 8.5a3 3 0 0 0-4.3 0l-3 3A3 3 0 0 0 9 15.8l1-1",
  download: "M10 3v9M6 8.5l4 4 4-4M4 16.5h12",
  sun: "M10 6.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM10 1.8v1.7M10 16.5v1.7M1.8 10h1.7M16.5 10h1.7M4.2 4.2l1.2 1.2M14.6 14.6l1.2 1.2M4.2 15.8l1.2-1.2M14.6 5.4l1.2-1.2",
  moon: "M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7z",
  half: "M10 3a7 7 0 1 0 0 14zM10 3a7 7 0 0 1 0 14",
  book: "M4 4.5A1.5 1.5 0 0 1 5.500 3H16v12H5.500A1.500 1.500 0 0 0 4 16.500zM4 16.500A1.500 1.500 0 0 0 5.500 18H16v-3",
  chevron: "M6 8l4 4 4-4",
  check: "M4 10.500l4 4 8-9",
  cross: "M5 5l10 10M15 5L5 15",
  person: "M10 3.500a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM4 16.500a6 6 0 0 1 12 0",
  dns: "M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM3 10h14M10 3c2.500 2 3.500 4.500 3.500 7s-1 5-3.500 7M10 3C7.500 5 6.500 7.500 6.500 10s1 5 3.500 7",
  balance: "M10 4v3M10 7H5v3M10 7h5v3M10 7v3M3.500 10h3v3h-3zM8.500 10h3v3h-3zM13.500 10h3v3h-3z",
  node: "M3.500 4.500h13v4h-13zM3.500 11.500h13v4h-13zM6 6.500h.01M6 13.500h.01",
  gate: "M4 17V8a6 6 0 0 1 12 0v9M4 17h12M8 17v-6M12 17v-6",
  service: "M10 3l6 3.500v7L10 17l-6-3.500v-7zM4 6.500l6 3.500 6-3.500M10 10v7",
  endpoint: "M10 6.500a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7zM10 2.500v4M10 13.500v4",
  shield: "M10 2.800l6 2.200v5c0 3.500-2.500 6-6 7.200-3.500-1.200-6-3.700-6-7.200V5z",
  pod: "M10 2.800l6.200 3.600v7.200L10 17.200l-6.200-3.600V6.400z",
  pencil: "M12.500 4.500l3 3L7 16H4v-3zM10.500 6.500l3 3",
  arrow: "M4 10h11M11 5.500l4.500 4.500-4.500 4.500",
  flag: "M5 17.500V3.500M5 4h9l-2 3 2 3H5",
  lock: "M5.500 9h9v7.500h-9zM7 9V6.500a3 3 0 0 1 6 0V9",
} as const;

/** The name of an icon. */
export type IconName = keyof typeof PATHS;

/** An icon beside a word. Screen readers skip it. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round">
      <path d={PATHS[name]} />
    </svg>
  );
}
