import { render } from "preact";
import { App } from "./app";
import { start } from "./start";
import "./theme";
import "./style/tokens.css";
import "./style/page.css";
import "./style/editor.css";
import "./style/panels.css";

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
void start();
