/** `portolan/admission` in Node: the engine is loaded with it. */
import "./node.js";

export * from "./admission.js";
