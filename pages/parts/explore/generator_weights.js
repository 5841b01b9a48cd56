// Receives a generator's weights, once, for the other elements of the page.

import { unpack } from "../../components/payload.js";
import { holdWeights } from "./weights.js";

/** @import { Packed } from "../../components/payload.js" */
/** @import { ComponentArguments } from "../../components/types.d.ts" */
/** @import { Spec } from "./weights.js" */

/** @param {ComponentArguments<Packed<Spec>>} component */
export default function generatorWeights({ data }) {
  const [spec, bytes] = unpack(data);
  holdWeights({ spec, bytes });
}
