import { render } from "preact";
import { App } from "./app";
import { start } from "./start";
import "./theme";
import "./style/tokens.css";
import "./style/page.css";
import "./style/editor.css";
import "./style/panels/common.css";
import "./style/panels/journey.css";
import "./style/panels/map.css";
import "./style/panels/routes.css";
import "./style/panels/service.css";
import "./style/panels/admission.css";
import "./style/panels/compare.css";

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
void start();
