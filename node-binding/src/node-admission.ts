/** `portolan/admission` in Node: importing it loads the engine. */
import "./node.js";

export * from "./admission.js";
