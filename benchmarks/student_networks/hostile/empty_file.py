# Exercise 4
# Name:
# I was ill, I hand it in next week
