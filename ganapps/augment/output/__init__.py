"""What comes out: the folder, its pictures, its report and its papers."""
