import { Empty } from "../parts/text";

export function MapPanel() {
  return <Empty title="Map" />;
}
