/** Datasets that ship with Chainrule, and readers of common ones on disk. */
package dev.chainrule.datasets;
