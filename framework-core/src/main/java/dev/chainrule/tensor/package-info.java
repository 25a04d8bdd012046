/** What users write models with: tensors, variables, the scope of a trace, and functions composed of primitives. */
@Stability(Stability.Level.API)
package dev.chainrule.tensor;

import dev.chainrule.Stability;
