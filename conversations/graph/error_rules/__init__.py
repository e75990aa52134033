"""What an error of Graph means: one rule, the rules about access, and the shapes in which errors come."""
