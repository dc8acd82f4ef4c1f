import type { Location } from "portolan";
import { goal, lit } from "../workspace";
import { FileName } from "./name";

/** A location in the files. Its line is highlighted while this is shown; a click goes to it. */
export function PlaceLink({ place, children }: { place: Location | null | undefined; children?: preact.ComponentChildren }) {
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
