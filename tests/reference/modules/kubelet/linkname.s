// This file lets Go declare functions without a body, see main.go.
