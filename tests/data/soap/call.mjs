// Reads a WSDL with the published client `soap`, unmodified, and calls every operation that it names.
import soap from "soap";

const [address, token] = process.argv.slice(2);
const client = await soap.createClientAsync(`${address}?wsdl`, { endpoint: address });
client.setSecurity(new soap.BearerSecurity(token));
const asked = {
  ListObjectIds: { size: 3 },
  GetProducts: { after: "OBJ-0000016", upTo: "OBJ-0000018", size: 5 },
  GetPpapDocuments: { projectCode: "PRJ-7" },
  TakePpapApproval: { projectCode: "PRJ-7", approvalStatus: "APPROVED", comments: "ok < 5 µm" },
  GetProject: { projectCode: "PRJ-7" },
  TakeGate: { projectCode: "PRJ-7", phaseCode: "PLM_PHASE_1", approvers: ["lead", "quan"] },
  TakeImprovements: { requests: [{ requestId: "r-1", productCode: "SNS-4000-0001" }, { requestId: "r-2", productCode: "x" }] },
};
const names = Object.keys(client.describe().PlmService.PlmSoap11);
const answers = {};
for (const name of names) {
  const headers = { "Idempotency-Key": `npm-${name}` };
  [answers[name]] = await client[`${name}Async`](asked[name], {}, headers);
}
let fault = "";
try {
  await client.GetProductsAsync({ after: "nonsense" });
} catch (error) {
  fault = error.root?.Envelope?.Body?.Fault?.faultcode ?? String(error);
}
console.log(JSON.stringify({ names, answers, fault }));
