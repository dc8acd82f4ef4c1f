import type { ComponentChildren } from "preact";
import { errors } from "../workspace";

/** Says what to do if there is nothing to show. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  const left = errors.value;
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children !== undefined && <p>{children}</p>}
      {left > 0 && <p class="empty-errors">{count(left, "error")} in the files. Refused and unreadable objects are left out here.</p>}
    </div>
  );
}

/** Why there is no answer. */
export function Failure({ children }: { children: ComponentChildren }) {
  return (
    <p class="failure" role="status">
      {typeof children === "string" ? <Words text={children} /> : children}
    </p>
  );
}

/** A number beside a name, separated also for screen readers. */
export function Badge({ number }: { number: number }) {
  return (
    <>
      {" "}
      <span class="badge">{number.toLocaleString("en")}</span>
    </>
  );
}

/** A count with its word: `1 object`, `2 objects`. */
export function count(number: number, word: string): string {
  return `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
}

/** An object's name, with its namespace if that is not `default`. */
export function named(object: { namespace?: string; name: string }): string {
  return object.namespace === undefined || object.namespace === "default" ? object.name : `${object.namespace}/${object.name}`;
}

/** A text in which backticks mark code. */
export function Words({ text }: { text: string }) {
  return <>{text.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>;
}
