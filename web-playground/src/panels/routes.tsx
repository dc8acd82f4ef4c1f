import { Empty } from "../parts/text";

export function RoutesPanel() {
  return <Empty title="Routes" />;
}
