import type { ListedObject } from "portolan";
import { objects } from "../workspace";
import { named } from "./text";

/** A choice. */
export interface Choice {
  /** `namespace/name`. */
  id: string;
  /** The shown text. */
  label: string;
}

/** The Services of the cluster. */
export function services(): Choice[] {
  return objects.value.filter((object) => object.kind === "Service").map(choiceOf);
}

/** The nodes of the cluster. */
export function nodes(): string[] {
  return objects.value.filter((object) => object.kind === "Node").map((node) => node.name);
}

/** Senders and receivers of requests: workloads, and the pods that belong to no workload. */
export function senders(): Choice[] {
  const seen = new Map<string, Choice>();
  for (const object of objects.value) {
    if (object.kind !== "Pod") continue;
    const of = object.standsFor === undefined ? object : { ...object, name: object.standsFor.name };
    const choice = choiceOf(of);
    if (!seen.has(choice.id)) seen.set(choice.id, choice);
  }
  return [...seen.values()];
}

function choiceOf(object: ListedObject): Choice {
  return { id: `${object.namespace ?? "default"}/${object.name}`, label: named(object) };
}

/** `namespace/name` in the form that questions use. */
export function podName(id: string): { namespace: string; pod: string } {
  const [namespace = "default", ...rest] = id.split("/");
  return { namespace, pod: rest.join("/") };
}

/** `namespace/name` in the form that questions use. */
export function objectName(id: string): { namespace: string; name: string } {
  const { namespace, pod } = podName(id);
  return { namespace, name: pod };
}

/** A labelled choice. */
export function Select(props: { label: string; value: string; choices: readonly Choice[]; choose: (id: string) => void }) {
  return (
    <label class="field-label">
      <span>{props.label}</span>
      <select class="field" value={props.value} onChange={(event) => props.choose(event.currentTarget.value)}>
        {props.choices.map((choice) => (
          <option key={choice.id} value={choice.id}>
            {choice.label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A labelled line of text. */
export function TextField(props: { label: string; value: string; change: (value: string) => void; placeholder?: string; wide?: boolean; options?: readonly string[] }) {
  const list = props.options === undefined ? undefined : `${props.label.replaceAll(" ", "-").toLowerCase()}-options`;
  return (
    <label class={`field-label${props.wide === true ? " grow" : ""}`}>
      <span>{props.label}</span>
      <input
        class="field"
        type="text"
        inputMode="url"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        list={list}
        value={props.value}
        placeholder={props.placeholder}
        onInput={(event) => props.change(event.currentTarget.value)}
      />
      {list !== undefined && (
        <datalist id={list}>
          {props.options?.map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      )}
    </label>
  );
}
