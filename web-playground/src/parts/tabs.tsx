import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** A tab. */
export interface Tab {
  id: string;
  label: ComponentChildren;
  /** Spoken instead of the label, if the label shows more than text. */
  spoken?: string;
  /** Shown on hovering. */
  title?: string;
}

/** A list of tabs with arrow keys, as the ARIA practices describe it. */
export function Tabs(props: {
  label: string;
  tabs: readonly Tab[];
  chosen: string;
  choose: (id: string) => void;
  /** The id of the element that the tabs switch. */
  controls: string;
  class?: string;
  /** The prefix of the tabs' own ids. */
  prefix: string;
}) {
  const chosenTab = `${props.prefix}-${props.chosen}`;
  const number = props.tabs.length;
  const list = useRef<HTMLDivElement>(null);
  // Also when the tabs become visible: a hidden pane, a window that grows.
  useEffect(() => {
    const reveal = () => document.getElementById(chosenTab)?.scrollIntoView({ block: "nearest", inline: "center" });
    reveal();
    const observer = new ResizeObserver(reveal);
    if (list.current !== null) observer.observe(list.current);
    return () => observer.disconnect();
  }, [chosenTab, number]);
  const step = (event: KeyboardEvent) => {
    const index = props.tabs.findIndex((tab) => tab.id === props.chosen);
    const last = props.tabs.length - 1;
    const next = { ArrowRight: index === last ? 0 : index + 1, ArrowLeft: index === 0 ? last : index - 1, Home: 0, End: last }[event.key];
    const tab = next === undefined ? undefined : props.tabs[next];
    if (tab === undefined) return;
    event.preventDefault();
    props.choose(tab.id);
    document.getElementById(`${props.prefix}-${tab.id}`)?.focus();
  };
  return (
    <div ref={list} class={`tabs ${props.class ?? ""}`} role="tablist" aria-label={props.label} onKeyDown={step}>
      {props.tabs.map((tab) => (
        <button
          key={tab.id}
          id={`${props.prefix}-${tab.id}`}
          type="button"
          role="tab"
          class="tab"
          aria-selected={tab.id === props.chosen}
          aria-controls={props.controls}
          aria-label={tab.spoken}
          title={tab.title}
          tabIndex={tab.id === props.chosen ? 0 : -1}
          onClick={() => props.choose(tab.id)}
        >
          {tab.label}
        </button>
      ))}
    </div>
  );
}
