import { Empty } from "../parts/text";

export function ServicePanel() {
  return <Empty title="Service" />;
}
