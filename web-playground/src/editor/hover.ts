/** Hovering: shows the meaning of a field. */
import { hoverTooltip } from "@codemirror/view";
import { typeName } from "./completion";
import { follow } from "./fields";
import { standingAt } from "./place";

/** Shows the meaning of the field under the pointer. */
export const hover = hoverTooltip((view, position) => {
  const { doc } = view.state;
  const line = doc.lineAt(position);
  const standing = standingAt(doc, position);
  const begins = line.text.indexOf(standing.key);
  if (standing.key === "" || standing.inValue || begins < 0) return null;
  const from = line.from + begins;
  const to = from + standing.key.length;
  if (position < from || position > to) return null;
  const field = follow(standing.kind, [...standing.above, standing.key])?.field;
  if (field == null || field.doc === "") return null;
  return {
    pos: from,
    end: to,
    above: true,
    create() {
      const dom = document.createElement("div");
      dom.className = "hover-field";
      const head = dom.appendChild(document.createElement("p"));
      head.append(code([...standing.above.filter((step) => step !== "-"), standing.key].join(".")), ` ${typeName(field)}`);
      const body = dom.appendChild(document.createElement("p"));
      for (const [index, part] of field.doc.split("`").entries()) body.append(index % 2 === 1 ? code(part) : part);
      return { dom };
    },
  };
});

function code(text: string): HTMLElement {
  const element = document.createElement("code");
  element.textContent = text;
  return element;
}
