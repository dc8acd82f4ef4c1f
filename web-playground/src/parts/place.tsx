import type { SourcePlace } from "portolan";
import { goal, lit } from "../workspace";
import { FileName } from "./name";

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
      title={children === undefined && place.file.includes("/") ? `${place.file} ${place.field}` : place.field || undefined}
      onClick={() => {
        light();
        goal.value = { place };
      }}
      onMouseEnter={light}
      onFocus={light}
    >
      {children ?? (
        <>
          <FileName name={place.file} />:{place.line}
        </>
      )}
    </button>
  );
}
