export const words = "one two three one two three one two three";
