import { Empty } from "../parts/text";

export function AdmissionPanel() {
  return <Empty title="Admission" />;
}
