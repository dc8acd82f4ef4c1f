import { useEffect } from "preact/hooks";
import { PANELS, type Panel } from "../panel";
import { Tabs } from "../parts/tabs";
import { lit, panel, revision } from "../workspace";
import { AdmissionPanel } from "./admission";
import { ComparePanel } from "./compare";
import { JourneyPanel } from "./journey";
import { MapPanel } from "./map";
import { RoutesPanel } from "./routes";
import { ServicePanel } from "./service";

const NAMES: Record<Panel, string> = {
  journey: "Journey",
  map: "Map",
  routes: "Routes",
  service: "Service",
  admission: "Admission",
  compare: "Compare",
};

const SHOWN: Record<Panel, () => preact.JSX.Element> = {
  journey: JourneyPanel,
  map: MapPanel,
  routes: RoutesPanel,
  service: ServicePanel,
  admission: AdmissionPanel,
  compare: ComparePanel,
};

/** The answers: one panel for each kind of question. */
export function Answers() {
  const chosen = panel.value;
  const Shown = SHOWN[chosen];
  useEffect(() => {
    lit.value = [];
  }, [chosen]);
  return (
    <>
      <Tabs
        class="panel-tabs"
        prefix="panel"
        label="Answers"
        controls="panel"
        chosen={chosen}
        choose={(id) => {
          panel.value = PANELS.find((known) => known === id) ?? "journey";
        }}
        tabs={PANELS.map((id) => ({ id, label: NAMES[id] }))}
      />
      <div class="panel" id="panel" role="tabpanel" aria-labelledby={`panel-${chosen}`} tabIndex={0} aria-busy={revision.value === 0}>
        {revision.value > 0 && <Shown />}
      </div>
    </>
  );
}
