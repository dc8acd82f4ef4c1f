import type { SourcePlace } from "portolan";
import { goal, lit } from "../workspace";

/** A place in the files: shown it lights up its line, clicked it is gone to. */
export function PlaceLink({ place, children }: { place: SourcePlace | null | undefined; children?: preact.ComponentChildren }) {
  if (place == null) return null;
  const light = () => {
    lit.value = [place];
  };
  return (
    <button
      type="button"
      class="place"
      title={place.field === "" ? undefined : place.field}
      onClick={() => {
        light();
        goal.value = { place };
      }}
      onMouseEnter={light}
      onFocus={light}
    >
      {children ?? `${place.file}:${place.line}`}
    </button>
  );
}
