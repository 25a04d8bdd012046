/** Datasets that ship with Chainrule, and readers of common ones on disk. */
@Stability(Stability.Level.API)
package dev.chainrule.datasets;

import dev.chainrule.Stability;
