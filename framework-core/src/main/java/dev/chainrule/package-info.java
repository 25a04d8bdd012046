/** The errors that Chainrule throws; everything else lives in the packages below. */
package dev.chainrule;
